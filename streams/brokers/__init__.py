"""The brokers and the only doors to them: Apache Kafka and the embedded one, plain clients, Faust's apps."""
