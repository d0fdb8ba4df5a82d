"""A first digit recogniser in plain PyTorch: read it top to bottom, and run it.

pip install torch scikit-learn
python examples/tutorial.py
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

epochs, seed = 150, 0
torch.set_num_threads(1)  # more only wait for each other in so small a network

# 1. Load scikit-learn's digits
digits = load_digits()
print(f"data {digits.data.shape}, target {digits.target.shape}")

# 2. Look at the first
for row in digits.images[0]:
    print("".join(" ░▒▓█"[int(ink) // 4] * 2 for ink in row).rstrip())
print(f"target[0] = {digits.target[0]}")

# 3. Reshape: rows become images with one channel
images = torch.tensor(digits.data, dtype=torch.float32).reshape(-1, 1, 8, 8)
print(f"images {tuple(images.shape)}: images, channels, height, width")

# 4. Scale the images to 0–1, and one-hot the targets
images = images / images.max()
targets = nn.functional.one_hot(torch.tensor(digits.target), 10).float()
print(f"images from {images.min():g} to {images.max():g}")
print(f"targets {tuple(targets.shape)}, the 4th {targets[3].tolist()}")

# 5. Hold out the last 200 as the test set
train_images, test_images = images[:-200], images[-200:]
train_targets, test_targets = targets[:-200], targets[-200:]
print(f"train {tuple(train_images.shape)}, test {tuple(test_images.shape)}")

# 6. Build the network
torch.manual_seed(seed)
network = nn.Sequential(
    nn.Conv2d(1, 32, 3),  # (n, 1, 8, 8) → (n, 32, 6, 6)
    nn.ReLU(),
    nn.Conv2d(32, 64, 3),  # → (n, 64, 4, 4)
    nn.ReLU(),
    nn.MaxPool2d(2),  # → (n, 64, 2, 2)
    nn.Dropout(0.25),
    nn.Flatten(),  # → (n, 256)
    nn.Linear(256, 128),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(128, 10),
    nn.Softmax(dim=1),  # → (n, 10): probabilities
)
for p in network.parameters():  # start as Keras does: Glorot, zero biases
    nn.init.xavier_uniform_(p) if p.ndim > 1 else nn.init.zeros_(p)
print(f"{sum(p.numel() for p in network.parameters()):,} parameters")


# 7. Train: log-cosh loss, RMSprop, batches of 10
def log_cosh(probabilities, targets):
    return (probabilities - targets).cosh().log().mean()


# Keras adds epsilon, 1e-7, inside a square root, PyTorch outside: so its root.
settings = {"lr": 0.001, "alpha": 0.9, "eps": 1e-7**0.5}
optimizer = torch.optim.RMSprop(network.parameters(), **settings)
for epoch in range(1, epochs + 1):
    total = 0.0
    for batch in torch.randperm(len(train_images)).split(10):
        loss = log_cosh(network(train_images[batch]), train_targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    if epoch % 10 == 0 or epoch == epochs:
        print(f"epoch {epoch:3}: loss {total / len(train_images):.5f}")

# 8. Evaluate on the test set
network.eval()  # no dropout any more
with torch.no_grad():
    probabilities = network(test_images)
correct = probabilities.argmax(dim=1) == test_targets.argmax(dim=1)
print(f"test loss {log_cosh(probabilities, test_targets):.4f}")
print(f"test accuracy {correct.float().mean():.2%} of {len(correct)} images")

# 9. The same in one line: tenfold's fast path, and a model file to keep
# run = tenfold.train("digits", recipe="tutorial")
