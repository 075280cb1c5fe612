"""健康 — whether this installation works, for whoever watches machines: a load balancer, Prometheus, two people."""
