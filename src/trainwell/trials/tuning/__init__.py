"""Search for the hyperparameters of an unchanged script, by Optuna over this project's trials."""
