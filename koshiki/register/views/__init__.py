"""HTTP only: parse, ask one action, redirect with what happened and whose turn is next."""
