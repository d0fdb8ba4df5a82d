"""The tutorial in Keras 3, whole, with what no longer ran as printed corrected.

pip install keras torch scikit-learn matplotlib
KERAS_BACKEND=torch python examples/tutorial_keras.py
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # or "jax" or "tensorflow"; before importing keras

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from keras.models import Sequential
from keras.optimizers import RMSprop
from sklearn.datasets import load_digits

epochs = 150
keras.utils.set_random_seed(0)

# Load, and look at the first.
digits = load_digits()
print(digits.data.shape, digits.target.shape)
plt.matshow(digits.images[0], cmap="gray_r")
plt.title(f"Label: {digits.target[0]}")
plt.show()

# Reshape: images, height, width, channels, which is where every layer looks for the channels.
images = np.reshape(digits.data, (-1, 8, 8, 1))

# Scale to 0–1, and one-hot the targets.
images = (images / images.max()).astype("float32")
targets = keras.utils.to_categorical(digits.target, 10)

# Hold out the last 200.
train_images, test_images = images[:-200], images[-200:]
train_targets, test_targets = targets[:-200], targets[-200:]

model = Sequential(
    [
        Input((8, 8, 1)),
        Conv2D(32, (3, 3), activation="relu"),
        Conv2D(64, (3, 3), activation="relu"),
        MaxPooling2D((2, 2)),
        Dropout(0.25),
        Flatten(),
        Dense(128, activation="relu"),
        Dropout(0.5),
        Dense(10, activation="softmax"),
    ]
)
model.summary()  # 53,002 parameters

model.compile(
    loss="log_cosh",
    optimizer=RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7),
    metrics=["accuracy"],
)
history = model.fit(train_images, train_targets, batch_size=10, epochs=epochs, verbose=2)

loss, accuracy = model.evaluate(test_images, test_targets, verbose=0)
print(f"test loss {loss:.4f}, test accuracy {accuracy:.2%}")

plt.plot(history.history["accuracy"])
plt.xlabel("epoch")
plt.ylabel("training accuracy")
plt.show()
