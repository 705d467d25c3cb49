server = true
ui_config {
  enabled = true
}

# In clear on loopback only. 8501 is the console's, behind the load balancer's list of operators' addresses.
client_addr = "127.0.0.1"

addresses {
  https = "0.0.0.0"
}

performance {
  raft_multiplier = 1
}

autopilot {
  cleanup_dead_servers      = true
  last_contact_threshold    = "1s"
  server_stabilization_time = "10s"
}

# A server that starts replays what came after its last snapshot, and tells of instances that are long gone meanwhile.
raft_snapshot_threshold = 16
raft_snapshot_interval  = "10s"
