"""One training step: forward, cross-entropy, backward, SGD with momentum."""

import torch
from torch.nn import functional

from network import Machine, learned_numbers

LEARNING_RATE = 1e-4


def prepare(workload):
    return SupervisedStep(workload)


class SupervisedStep:
    def __init__(self, workload):
        machine = self.machine = Machine(workload)
        self.network = machine.network(workload).train()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE, momentum=0.9)
        self.scaler = machine.loss_scaler()
        self.images = machine.images(workload["batchSize"], workload["imageSize"])
        self.labels = torch.randint(workload["classCount"], (workload["batchSize"],))
        self.versions, self.note = machine.versions, machine.note
        self.parameters = learned_numbers(self.network)

    def run(self, repetitions):
        for _ in range(repetitions):
            self.step()
        self.machine.finish()

    def step(self):
        """The loss is read each step, as a program that shows it does."""
        images, labels = self.images.to(self.machine.device), self.labels.to(self.machine.device)
        with self.machine.arithmetic():
            loss = functional.cross_entropy(self.network(images), labels)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()
