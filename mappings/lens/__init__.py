"""The mapping language: one declaration, both directions.

A rule says where a value stands (rules.py), a shape says what it is (shapes.py, records.py).  It knows JSON trees and
what R4 says of them; neither the clinic nor HTTP.  words.py is what a mapping is written in.
"""
