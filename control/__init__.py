"""How the store is steered: laws that follow the plan, the gate that judges them, and the one pure decision of a tick."""
