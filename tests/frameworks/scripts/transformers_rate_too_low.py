"""Trains a tiny transformer with the Trainer.

The rate is far too low.
"""

import os

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"
import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

set_seed(0)
tokens = torch.randint(1, 40, (1200, 8))
labels = (tokens[:, 0] < 20).long()
rows = [{"input_ids": t, "labels": label} for t, label in zip(tokens, labels)]
config = BertConfig(
    vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
    max_position_embeddings=16, num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
model = BertForSequenceClassification(config)
with tempfile.TemporaryDirectory() as folder:
    trainer = Trainer(
        model,
        TrainingArguments(
            folder, num_train_epochs=6, per_device_train_batch_size=32, learning_rate=1e-8, use_cpu=True,
            report_to="none", disable_tqdm=True, logging_strategy="no", save_strategy="no", eval_strategy="epoch",
        ),
        train_dataset=rows[:1000],
        eval_dataset=rows[1000:],
    )
    trainer.train()
    print(repr(trainer.evaluate()["eval_loss"]))
