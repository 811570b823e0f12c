"""One question, one answer, over the chat completions of an OpenAI-compatible endpoint. Its client library is loaded when it is first used.

Who asks has masked what is sent. An answer is a text, and nothing that it says is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.errors import Fault, PenstockError

WAIT_S = 30.0
# A recipe may have so many characters in an answer, and no model needs more to say why something failed.
MOST_TOKENS = 8_000


class AssistantFailed(PenstockError):
    """There is no answer of use. What was asked for can be had without it."""

    code = "assistant"
    fault = Fault.SYSTEM


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`key`: None for an endpoint that asks for none."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)

    def ask(self, rules: str, question: str) -> str:
        """Waits at most WAIT_S, asks once. Raises AssistantFailed."""
        try:
            import openai
        except ImportError as error:
            raise AssistantFailed("PENSTOCK_ASSISTANT_URL is set, and its client is not installed; install penstock[assistant]") from error
        try:
            with openai.OpenAI(base_url=self.url, api_key=self.key or "none", timeout=WAIT_S, max_retries=0) as client:
                reply = client.chat.completions.create(
                    model=self.model,
                    messages=[{"role": "system", "content": rules}, {"role": "user", "content": question}],
                    temperature=0,
                    max_tokens=MOST_TOKENS,
                )
            text = reply.choices[0].message.content if reply.choices else None
        except openai.APIStatusError as error:
            raise AssistantFailed(
                f"the assistant's endpoint answered {error.status_code}; check PENSTOCK_ASSISTANT_URL, _MODEL and _KEY"
            ) from error
        except openai.APITimeoutError as error:
            raise AssistantFailed(f"the assistant's endpoint gave no answer within {WAIT_S:.0f} s; ask again later") from error
        except openai.OpenAIError as error:
            raise AssistantFailed(
                f"the assistant's endpoint cannot be reached ({type(error).__name__}); check PENSTOCK_ASSISTANT_URL"
            ) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise AssistantFailed(
                "the assistant's endpoint did not answer as one of its kind does; check PENSTOCK_ASSISTANT_URL"
            ) from error
        if not text:
            raise AssistantFailed("the assistant had nothing to say")
        return text
