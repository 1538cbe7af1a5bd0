"""Class probabilities of a batch of images."""

import torch

from network import Machine, learned_numbers


def prepare(workload):
    return Inference(workload)


class Inference:
    def __init__(self, workload):
        machine = self.machine = Machine(workload)
        self.network = machine.network(workload).eval()
        self.images = machine.images(workload["batchSize"], workload["imageSize"])
        self.versions, self.note = machine.versions, machine.note
        self.parameters = learned_numbers(self.network)

    def run(self, repetitions):
        for _ in range(repetitions):
            self.predict()
        self.machine.finish()

    def predict(self):
        with torch.no_grad(), self.machine.arithmetic():
            logits = self.network(self.images.to(self.machine.device))
        return torch.softmax(logits.float(), dim=-1).cpu()
