"""Why a run failed, or does not go on, in a person's words: what is known of it goes in, findings come out.

Pure, and without any model. `table.py` lists the known causes, one function each; `repairs.py` makes corrected recipes, which are shown
only where the product's own validation takes them. The API gathers the case; nothing here is ever applied.
"""

from shared.diagnosis.case import Case, Change, Failure, Recipe, Seen
from shared.diagnosis.diagnose import Diagnosis, diagnose
from shared.diagnosis.findings import Evidence, Finding, Fix
from shared.diagnosis.fingerprints import Known, fingerprint, recognised

__all__ = [
    "Case",
    "Change",
    "Diagnosis",
    "Evidence",
    "Failure",
    "Finding",
    "Fix",
    "Known",
    "Recipe",
    "Seen",
    "diagnose",
    "fingerprint",
    "recognised",
]
