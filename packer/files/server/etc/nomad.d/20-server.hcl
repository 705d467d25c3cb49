server {
  enabled            = true
  rejoin_after_leave = false
  heartbeat_grace    = "20s"
  raft_multiplier    = 1
}

client {
  enabled = false
}

ui {
  enabled = true
}
