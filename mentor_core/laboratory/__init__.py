"""The laboratory: rewards and environments put to the test, without training.

rewards/        `mentor check-reward`: properties and attacks
environments/   `mentor check-env`: what every environment promises
scoring         `mentor score`: saved trajectories scored again
ablation        `mentor ablate`: what another reward would have done
verdict, search the shape of a finding, and how Hypothesis looks for one
"""
