"""Trains a Keras model on the PyTorch backend, on digits.

The rate is far too high.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
digits = load_digits()
x, y = digits.data.astype("float32") / 16, digits.target
model = keras.Sequential(
    [keras.Input((64,)), keras.layers.Dense(48, activation="relu"), keras.layers.Dense(10, activation="softmax")]
)
model.compile(optimizer=keras.optimizers.SGD(30.0), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x[:1400], y[:1400], epochs=7, batch_size=32, validation_data=(x[1400:], y[1400:]), verbose=0)
for name, values in sorted(history.history.items()):
    print(name, values)
