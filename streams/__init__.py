"""The Kafka topology: topics, wire formats, agents, workers and the two brokers they run on."""
