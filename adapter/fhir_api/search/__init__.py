"""Searching as hl7.org/fhir/R4/search.html says: what was asked, what is found, and how much of it is told."""
