"""Which vendors and servers of models are supported, and what each needs to be reached."""

from collections.abc import Mapping
from dataclasses import dataclass

from dify_hex.domain.model_provider.errors import ModelProviderKindUnknown

#: The provider that every tenant sees and nobody can edit: the installation's own model server.
BUILT_IN_PROVIDER = "local"
BUILT_IN_KIND = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKind:
    """A row of the table of kinds.

    `base_url` is where the vendor is when the tenant gives no address; None together with
    `needs_base_url` means that only the tenant can know it. `speaks_openai` decides which adapter
    carries the calls: OpenAI's protocol natively, or the gateway for all others.
    """

    name: str
    label: str
    speaks_openai: bool = False
    base_url: str | None = None
    needs_base_url: bool = False
    needs_key: bool = True


_KINDS = (
    ProviderKind(
        name="openai", label="OpenAI", speaks_openai=True, base_url="https://api.openai.com/v1"
    ),
    ProviderKind(
        name="openai_compatible",
        label="Any server that speaks OpenAI's protocol",
        speaks_openai=True,
        needs_base_url=True,
        needs_key=False,
    ),
    ProviderKind(
        name="ollama",
        label="Ollama",
        speaks_openai=True,
        base_url="http://localhost:11434/v1",
        needs_key=False,
    ),
    ProviderKind(
        name="dashscope",
        label="Alibaba Cloud Model Studio (Qwen)",
        speaks_openai=True,
        base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
    ),
    ProviderKind(
        name="deepseek",
        label="DeepSeek",
        speaks_openai=True,
        base_url="https://api.deepseek.com/v1",
    ),
    ProviderKind(
        name="groq", label="Groq", speaks_openai=True, base_url="https://api.groq.com/openai/v1"
    ),
    ProviderKind(
        name="moonshot",
        label="Moonshot AI (Kimi)",
        speaks_openai=True,
        base_url="https://api.moonshot.cn/v1",
    ),
    ProviderKind(
        name="openrouter",
        label="OpenRouter",
        speaks_openai=True,
        base_url="https://openrouter.ai/api/v1",
    ),
    ProviderKind(name="xai", label="xAI", speaks_openai=True, base_url="https://api.x.ai/v1"),
    ProviderKind(name="ai21", label="AI21 Labs"),
    ProviderKind(name="anthropic", label="Anthropic"),
    ProviderKind(name="azure", label="Azure OpenAI", needs_base_url=True),
    ProviderKind(name="cerebras", label="Cerebras"),
    ProviderKind(name="cohere", label="Cohere"),
    ProviderKind(name="fireworks_ai", label="Fireworks AI"),
    ProviderKind(name="gemini", label="Google Gemini"),
    ProviderKind(name="huggingface", label="Hugging Face"),
    ProviderKind(name="jina_ai", label="Jina AI"),
    ProviderKind(name="mistral", label="Mistral AI"),
    ProviderKind(name="nvidia_nim", label="NVIDIA NIM"),
    ProviderKind(name="perplexity", label="Perplexity"),
    ProviderKind(name="replicate", label="Replicate"),
    ProviderKind(name="sambanova", label="SambaNova"),
    ProviderKind(name="together_ai", label="Together AI"),
    ProviderKind(name="volcengine", label="Volcano Engine (Doubao)"),
    ProviderKind(name="voyage", label="Voyage AI"),
)

KINDS: Mapping[str, ProviderKind] = {kind.name: kind for kind in _KINDS}


def kind_named(name: str) -> ProviderKind:
    """The kind of that name.

    Raises:
        ModelProviderKindUnknown: with the names that exist.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise ModelProviderKindUnknown(kind=name, known=[*KINDS]) from None
