/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two network cards on one cable: this process has one, a peer in a network of its own
 * the other.
 */
#ifndef CARD_H
#define CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CARD		"0000:00:04.0"
#define PEER_CARD	"0000:00:05.0"
#define CARD_SYSFS	"/sys/bus/pci/devices/" CARD "/"

/* Start a peer, which sends back what it receives, and connect to it; or stop it. */
bool start_peer(int mtu);
bool stop_peer(void);

/* Stop one whose cable is cut. */
bool lose_peer(void);

/* Two sockets: for packets that this process receives, and for sending them by the peer. */
bool packets_from_peer(int *received, int *sent);

/* Send so many MiB by way of the peer; whether all of it comes back as it was. */
bool send_around(size_t mib);

/* A group of processes that keeps sending until it is killed. */
pid_t keep_sending(void);

#endif /* CARD_H */
