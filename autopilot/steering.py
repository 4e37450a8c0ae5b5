"""Who is at the wheel: the controller that the settings name, with the weights it steers by, or the laws where those cannot be used.

A command that starts something new refuses weights that it cannot use. A store that is being driven is not left alone because a file went
missing: its daemon hands over to the laws, and says so in its journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autopilot.config_record import ConfigRecord
from autopilot.policies import PolicyError, find_policy, load_policy, policy_of_hash
from autopilot.settings import StoreSettings
from control import registry
from control.controller import Controller
from control.laws import LawsTuning
from control.policy import Policy
from control.registry import Options
from control.residual import undamped

POLICY = "policy"
"""Name of the controller that needs weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """A controller, and what its decisions rest on besides settings and code.

    Attributes:
        controller: At the wheel.
        policy_sha256: Hash of its weights; "" where it steers without any.
        policy_problem: Why a policy that the settings name steers without weights; "" where it does not.
    """

    controller: Controller
    policy_sha256: str = ""
    policy_problem: str = ""


def steering_of(settings: StoreSettings) -> Steering:
    """The controller that the settings name. Raises: PolicyError, its weights cannot be used."""
    control = settings.control
    options = Options(start_bid_cents=control.rule_bid_cents, target_acos=control.rule_target_acos, laws=gains_of(settings))
    if control.controller != POLICY:
        return Steering(controller=registry.controller_of(control.controller, options))
    trained, _ = load_policy(find_policy(control.policy))
    return Steering(
        controller=registry.controller_of(POLICY, replace(options, policy=trained)),
        policy_sha256=trained.sha256,
    )


def steering_or_laws(settings: StoreSettings) -> Steering:
    """The controller that the settings name; where its weights cannot be used the laws, to which it hands over without a jump."""
    try:
        return steering_of(settings)
    except PolicyError as error:
        return _without_weights(settings, str(error))


def steering_as_recorded(record: ConfigRecord, settings: StoreSettings) -> Steering:
    """The controller that the settings name today, with the weights that a recorded stretch was driven with, if they are still there.

    Otherwise with today's weights of that name, or with none; whether the weights are the recorded ones is told by their hash.

    Args:
        record: Of the configuration, as recorded.
        settings: The same configuration as it is read today.

    Raises:
        PolicyError: The stretch was driven by another controller, and the policy that the settings name today cannot be used.
    """
    if settings.control.controller != POLICY or record.resolved.get("control.controller") != POLICY:
        return steering_of(settings)
    if not record.policy_sha256:
        return _without_weights(settings, record.policy_problem)
    folder = policy_of_hash(record.policy_sha256)
    if folder is None:
        return steering_or_laws(settings)
    control = settings.control.model_copy(update={"policy": str(folder)})
    return steering_or_laws(settings.model_copy(update={"control": control}))


def gains_of(settings: StoreSettings) -> LawsTuning:
    """The gains of the laws; where prices are left to the merchant, the laws leave them too."""
    laws = settings.control.laws
    return replace(laws, move_prices=laws.move_prices and settings.pricing.enabled)


def _without_weights(settings: StoreSettings, problem: str) -> Steering:
    return Steering(controller=Policy(base=undamped(gains_of(settings)), trained=None), policy_problem=problem)
