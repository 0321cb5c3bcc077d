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

#define CARD		card_address(0)
#define PEER_CARD	card_address(1)
#define CARD_SYSFS	"/card0/"	/* links, from when an address was first needed on */
#define PEER_SYSFS	"/card1/"

/* The first or the second card on the bus; "" if there is none. */
const char *card_address(int nr);

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
