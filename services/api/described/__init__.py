"""What the OpenAPI document says beyond what follows from the code: how calls are called, how they fail, and an example of each.

`finished` is called once, when all calls are known. Whoever adds a call names it in `names.py`; tests ask for that.
"""

from services.api.described.finish import finished

__all__ = ["finished"]
