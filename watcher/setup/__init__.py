"""Between the rooms and the App: what the lab wrote becomes settings that every room understands, and one of them is in force."""
