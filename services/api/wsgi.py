"""What gunicorn serves."""

from services.api.app import create_app
from services.api.settings import Settings
from shared.process import prepare

prepare("api")
app = create_app(Settings.from_environment())
