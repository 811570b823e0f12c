"""Asking a language model behind an OpenAI-compatible endpoint. Off unless a URL and a model are set; everything works without one."""

from shared.assistant.endpoint import AssistantFailed, Endpoint

__all__ = ["AssistantFailed", "Endpoint"]
