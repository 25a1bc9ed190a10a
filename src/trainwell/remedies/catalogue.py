"""The remedies by name, each with its advice: one imperative sentence for the report."""

from __future__ import annotations

__all__ = ["ADVICE"]

ADVICE: dict[str, str] = {
    "add_batch_norm": "put a batch normalisation layer before the activation",
    "clip_gradients": "call torch.nn.utils.clip_grad_norm_ between backward() and step()",
    "change_optimizer": "try another optimizer, such as AdamW",
    "connect_parameters": "let forward() use them without detach(), .data or NumPy, or remove them",
    "dropout": "add dropout before the last layers",
    "early_stopping": "keep the weights of the best evaluation and stop once it gets worse",
    "evaluate_in_eval_mode": "call model.eval() before evaluating and model.train() after",
    "feed_logits": "give the loss the raw outputs: it applies the softmax or sigmoid itself",
    "guard_operation": "keep the operand inside its domain, with a clamp or a small constant",
    "impute_values": "remove or fill the NaN and Inf values before training",
    "initialise_he": "initialise with torch.nn.init.kaiming_normal_ (He), made for ReLU",
    "initialise_lecun": "initialise with standard deviation 1/sqrt(fan_in) (LeCun)",
    "initialise_xavier": "initialise with torch.nn.init.xavier_uniform_, made for tanh and sigmoid",
    "insert_activation": "put a nonlinearity (ReLU, GELU, ...) between the layers, or merge them",
    "lower_learning_rate": "lower the learning rate, by a factor of 10 first",
    "match_loss": "use the loss that belongs to the targets and the output",
    "match_shapes": "give prediction and target one shape, for example prediction.squeeze(1)",
    "mend_reduction": "normalise or average over the features, never over the examples",
    "raise_learning_rate": "raise the learning rate, by a factor of 10 first",
    "register_parameters": "give the optimizer every parameter that should learn",
    "release_output": "drop the output activation, so that every target can be reached",
    "scale_inputs": "standardise the inputs with the training data's mean and deviation",
    "scale_targets": "standardise the targets, and undo it on predictions",
    "shuffle_batches": "shuffle the training data anew every epoch: DataLoader(..., shuffle=True)",
    "step_optimizer": "call optimizer.step() after backward()",
    "train_in_train_mode": "call model.train() at the start of every epoch",
    "unfreeze_parameters": "set requires_grad on what should learn, or drop this optimizer",
    "use_log_softmax": "use log_softmax as the output, or cross_entropy on raw outputs",
    "use_relu": "use ReLU in the hidden layers, with He initialisation",
    "use_leaky_relu": "use LeakyReLU or GELU, which keep a gradient below zero",
    "use_sigmoid": "use one sigmoid (or two softmax units) for two classes",
    "weight_decay": "add weight decay (AdamW with weight_decay=0.01 or more)",
    "zero_gradients": "call optimizer.zero_grad() before every backward()",
}
