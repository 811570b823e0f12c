from shared.connectors.sqlite.driver import ConnectorDriver

__all__ = ["ConnectorDriver"]
