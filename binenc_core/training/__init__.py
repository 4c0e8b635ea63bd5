"""How a network is trained: the loop, its state, optimizers, augmentation."""
