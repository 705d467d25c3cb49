server = false

# Tasks ask from their own addresses behind docker0: the firewall lets this machine's tasks in and nobody else.
client_addr = "0.0.0.0"
