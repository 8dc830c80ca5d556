"""The published R4 examples that are not valid R4, each for its own fault: in all of them the definitions are right."""

from __future__ import annotations

RELATIVE_CANONICALS = """
ActivityDefinition-administer-zika-virus-exposure-assessment
ActivityDefinition-provide-mosquito-prevention-advice ActivityDefinition-referralPrimaryCareMentalHealth-initial
ActivityDefinition-referralPrimaryCareMentalHealth ActivityDefinition-serum-zika-dengue-virus-igm
CapabilityStatement-knowledge-repository CapabilityStatement-measure-processor
CapabilityStatement-messagedefinition CapabilityStatement-terminology-server Library-composition-example
Library-example Library-library-cms146-example Library-library-exclusive-breastfeeding-cds-logic
Library-library-exclusive-breastfeeding-cqm-logic Library-library-fhir-helpers-predecessor
Library-library-fhir-helpers Library-omtk-logic Library-opioidcds-common Library-opioidcds-recommendation-04
Library-opioidcds-recommendation-05 Library-opioidcds-recommendation-07 Library-opioidcds-recommendation-08
Library-opioidcds-recommendation-10 Library-opioidcds-recommendation-11 Library-suiciderisk-orderset-logic
Measure-composite-example Measure-measure-cms146-example Measure-measure-exclusive-breastfeeding
Measure-measure-predecessor-example MeasureReport-measurereport-cms146-cat1-example
MeasureReport-measurereport-cms146-cat2-example MeasureReport-measurereport-cms146-cat3-example
MessageDefinition-patient-link-notification MessageDefinition-patient-link-response OperationDefinition-example
PlanDefinition-chlamydia-screening-intervention PlanDefinition-exclusive-breastfeeding-intervention-01
PlanDefinition-exclusive-breastfeeding-intervention-02 PlanDefinition-exclusive-breastfeeding-intervention-03
PlanDefinition-exclusive-breastfeeding-intervention-04 PlanDefinition-low-suicide-risk-order-set
PlanDefinition-opioidcds-04 PlanDefinition-opioidcds-05 PlanDefinition-opioidcds-07 PlanDefinition-opioidcds-08
PlanDefinition-opioidcds-10 PlanDefinition-opioidcds-11 PlanDefinition-zika-virus-intervention-initial
PlanDefinition-zika-virus-intervention Procedure-f201 Questionnaire-phq-9-questionnaire
QuestionnaireResponse-gcs QuestionnaireResponse-ussg-fht-answers RequestGroup-kdn5-example
TestScript-testscript-example-history TestScript-testscript-example-multisystem
TestScript-testscript-example-readtest TestScript-testscript-example-search TestScript-testscript-example-update
TestScript-testscript-example
"""
"""Examples that refer to a canonical URL, which the `url` of what it is of says is absolute, as if it were Type/id."""

FAULTS = {
    **dict.fromkeys(
        ("ImplementationGuide-fhir.json", "ig-r4.json"), "no name, no status, a reference with too long an id"
    ),
    "Questionnaire-qs1.json": "no item has its linkId",
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": "an id too long",
    **{
        f"SearchParameter-{kind.lower()}-extensions-{kind}-{what}.json": "no base"
        for kind in ("CodeSystem", "ValueSet")
        for what in ("author", "effective", "end", "keyword", "workflow")
    },
    "ActivityDefinition-blood-tubes-supply.json": "txt-2: white space only",
    "ActivityDefinition-heart-valve-replacement.json": "txt-2: white space only",
    "EventDefinition-example.json": "txt-2: white space only",
    "Questionnaire-zika-virus-exposure-assessment.json": "txt-2: white space only",
    "Bundle-dataelements.json": "bdl-7: one fullUrl stands three times",
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json": "a fullUrl ends in pat12, its resource's id is pat2",
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json": "a fullUrl ends in pat12, its resource's id is pat2",
    "Bundle-lri-example.json": "fullUrls end in lri-gramstain1 and so on, the ids are gramstain1 and so on",
    "DeviceMetric-example.json": "parent is a DeviceDefinition, which only Device may be",
    "DeviceUseStatement-example.json": "reasonReference is a Procedure, which it may not be",
    "MedicationRequest-medrx0301.json": "the dispensing performer is a Practitioner, which only Organization may be",
    "Observation-clinical-gender.json": "a performer is an Encounter",
    "PlanDefinition-example-cardiology-os.json": "two canonicals (#) lead to nothing contained",
    **{f"{name}.json": "a canonical that is relative" for name in RELATIVE_CANONICALS.split()},
    "Bundle-bundle-response.json": "the status of a response is the word DELETE",
    "Bundle-bundle-search-warning.json": "an OperationOutcome with an id has no fullUrl",
    "Bundle-ussg-fht.json": "the URLs of requests are absolute, and not below the server's own",
    **dict.fromkeys(
        ("Bundle-resources.json", "Organization-2.16.840.1.113883.19.5.json", "StructureDefinition-Consent.json"),
        "a value of the system urn:ietf:rfc:3986 is no URI",
    ),
    **dict.fromkeys(
        ("CapabilityStatement-example.json", "TerminologyCapabilities-example.json"), "a UUID in capital letters"
    ),
    "DiagnosticReport-example-pgx.json": "the hash is not that of the data",
    "Library-zika-virus-intervention-logic.json": "an OID that is none, and canonicals that are relative",
}
