# nomad-autoscaler's configuration; Nomad fills in what stands in double braces. NOMAD_ADDR and NOMAD_TOKEN say where
# Nomad is and who asks.
log_json = true

http {
  bind_address = "{{ env "NOMAD_IP_health" }}"
  bind_port    = {{ env "NOMAD_PORT_health" }}
}

nomad {
  address = "{{ env "NOMAD_ADDR" }}"
}

policy {
  default_evaluation_interval = "5s"
}

apm "prometheus" {
  driver = "prometheus"
  config = {
    address = "http://{{ env "NOMAD_ADDR_prometheus" }}"
  }
}

strategy "pass-through" {
  driver = "pass-through"
}
