"""One blueprint per noun: parse, call, answer."""

from services.api.resources.catalogue import blueprint as catalogue
from services.api.resources.connectors import blueprint as connectors
from services.api.resources.documents import blueprint as documents
from services.api.resources.events import blueprint as events
from services.api.resources.health import blueprint as health
from services.api.resources.pipelines import blueprint as pipelines
from services.api.resources.runs import blueprint as runs

BLUEPRINTS = (health, documents, pipelines, connectors, runs, events, catalogue)
