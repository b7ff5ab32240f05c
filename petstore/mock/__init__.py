"""
Record what a Petstore, or any other API, answers, and replay it anywhere.

What to read, with `python -m pydoc NAME` or `help(NAME)`:

    petstore.mock.cassette      the file of a recording: match, ignore, note and so on
    petstore.mock.faults        rules of what goes wrong, for --faults and faults=
    petstore.mock.admin         sessions over HTTP at /__mock: begin, watch, verify, end
    petstore.mock.sessions      how a request says which session it is of
    petstore.mock.verifying     expectations of what was asked
    petstore.mock.preferences   Prefer: code=404 and Prefer: example
    petstore.mock.modes         replay, auto, extend, record, check and off
    petstore.mock.checking      what `petstore mock check` finds
    petstore.mock.redaction     which secrets are taken out, and what stands for them
    petstore.mock.transport     replay in process, for httpx; respx_door for respx
    petstore.testing            fixtures and the marker of pytest
"""
