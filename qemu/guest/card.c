// SPDX-License-Identifier: GPL-2.0
/*
 * Two network cards on one cable.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "guest.h"

#define DEVICES		"/sys/bus/pci/devices/"
#define INTERFACES	"/sys/class/net/"
#define ADDRESS		"10.0.0.1"
#define PEER_ADDRESS	"10.0.0.2"
#define PORT		5000
#define PATTERN		"/pattern"	/* a file of one MiB: it is sent page by page */
#define MIB		(1 << 20)
#define PATIENCE	60		/* seconds without a byte */

static pid_t peer = -1;
static int link_to_peer = -1;

static int is_card(const struct dirent *entry)
{
	char path[64];

	snprintf(path, sizeof(path), DEVICES "%.16s/class", entry->d_name);
	return !strcmp(read_file(path), "0x020000");
}

/* They stay the same when a card is removed and found again. */
const char *card_address(int nr)
{
	static char addresses[2][17];
	char path[64], link[16];
	struct dirent **found;

	if (*addresses[nr] || scandir(DEVICES, &found, is_card, alphasort) != 2)
		return addresses[nr];
	for (int i = 0; i < 2; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "%.16s", found[i]->d_name);
		snprintf(path, sizeof(path), DEVICES "%s", addresses[i]);
		snprintf(link, sizeof(link), "/card%d", i);
		if (symlink(path, link))
			say("dma-bypass: %s: %m\n", link);
	}
	return addresses[nr];
}

/* Whether an interface is a card's: virtio has a device between the two. */
static bool is_interface(const char *name, const char *card)
{
	char path[64], where[256], part[24];
	ssize_t len;

	snprintf(path, sizeof(path), INTERFACES "%.16s", name);
	snprintf(part, sizeof(part), "/%.16s/", card);
	len = readlink(path, where, sizeof(where) - 1);
	where[len < 0 ? 0 : len] = '\0';
	return *card && strstr(where, part);
}

/* The name of a card's interface, once it is there; or "". */
static const char *interface(const char *card)
{
	static char name[IFNAMSIZ];
	struct dirent *entry;
	int tries;
	DIR *dir;

	name[0] = '\0';
	for (tries = 0; tries < 500 && !name[0]; tries++) {
		usleep(20000);
		dir = opendir(INTERFACES);
		while (dir && (entry = readdir(dir)))
			if (is_interface(entry->d_name, card))
				snprintf(name, sizeof(name), "%.15s", entry->d_name);
		if (dir)
			closedir(dir);
	}
	return name;
}

static struct sockaddr_in address_of(const char *address, int port)
{
	struct sockaddr_in in = {
		.sin_family		= AF_INET,
		.sin_port		= htons(port),
		.sin_addr.s_addr	= inet_addr(address),
	};

	return in;
}

static bool configure(const char *name, const char *address, int mtu)
{
	struct sockaddr_in in = address_of(address, 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = { };
	bool good;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	req.ifr_mtu = mtu;
	good = !ioctl(fd, SIOCSIFMTU, &req);
	memcpy(&req.ifr_addr, &in, sizeof(in));
	good &= !ioctl(fd, SIOCSIFADDR, &req);
	req.ifr_flags = IFF_UP;
	good &= !ioctl(fd, SIOCSIFFLAGS, &req);
	close(fd);
	return good;
}

/* Let a process' network have an interface. */
static bool give_away(const char *name, pid_t pid)
{
	struct {
		struct nlmsghdr		header;
		struct ifinfomsg	info;
		struct rtattr		attr;
		int			pid;
	} req = {
		.header	= {
			.nlmsg_len	= sizeof(req),
			.nlmsg_type	= RTM_NEWLINK,
			.nlmsg_flags	= NLM_F_REQUEST | NLM_F_ACK,
		},
		.info	= { .ifi_index = if_nametoindex(name) },
		.attr	= {
			.rta_len	= RTA_LENGTH(sizeof(int)),
			.rta_type	= IFLA_NET_NS_PID,
		},
		.pid	= pid,
	};
	struct {
		struct nlmsghdr		header;
		struct nlmsgerr		err;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	bool good = send(fd, &req, sizeof(req), 0) == sizeof(req) &&
		    recv(fd, &answer, sizeof(answer), 0) >= (ssize_t)sizeof(answer) &&
		    answer.header.nlmsg_type == NLMSG_ERROR && !answer.err.error;

	close(fd);
	return good;
}

static bool send_all(int fd, const char *data, ssize_t len)
{
	ssize_t sent;

	for (; len > 0; data += sent, len -= sent) {
		sent = send(fd, data, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return true;
}

/* The peer: its interface comes when it has a network of its own. */
static void serve(int ready, const char *name, int mtu)
{
	struct sockaddr_in in = address_of(PEER_ADDRESS, PORT);
	struct linger reset = { .l_onoff = 1 };
	static char data[65536];
	int tries, fd, con;
	ssize_t len;

	if (unshare(CLONE_NEWNET) || write(ready, "x", 1) != 1)
		_exit(1);
	for (tries = 0; tries < 500 && !if_nametoindex(name); tries++)
		usleep(20000);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (!configure(name, PEER_ADDRESS, mtu) ||
	    bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 1))
		_exit(2);
	con = accept(fd, NULL, NULL);
	/* What nobody acknowledges does not keep the network when the peer is gone. */
	setsockopt(con, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	while ((len = recv(con, data, sizeof(data), 0)) > 0)
		if (!send_all(con, data, len))
			break;
	_exit(0);
}

static bool connect_to_peer(void)
{
	struct sockaddr_in in = address_of(PEER_ADDRESS, PORT);
	struct timeval patience = { .tv_sec = PATIENCE };
	int tries;

	for (tries = 0; tries < 50; tries++) {	/* the links have to come up */
		link_to_peer = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(link_to_peer, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		setsockopt(link_to_peer, SOL_SOCKET, SO_SNDTIMEO, &patience,
			   sizeof(patience));
		if (!connect(link_to_peer, (struct sockaddr *)&in, sizeof(in)))
			return true;
		close(link_to_peer);
		usleep(100000);
	}
	link_to_peer = -1;
	return false;
}

bool start_peer(int mtu)
{
	char own[IFNAMSIZ], other[IFNAMSIZ], byte;
	int ready[2];

	strcpy(own, interface(CARD));
	strcpy(other, interface(PEER_CARD));
	if (!*own || !*other || pipe(ready))
		return false;
	peer = fork();
	if (!peer)
		serve(ready[1], other, mtu);
	close(ready[1]);
	if (peer < 0 || read(ready[0], &byte, 1) != 1 || !give_away(other, peer))
		return false;
	close(ready[0]);
	return configure(own, ADDRESS, mtu) && connect_to_peer();
}

static int packet_socket(const char *bound, const char *connected)
{
	struct sockaddr_in from = address_of(bound, PORT), to = address_of(connected, PORT);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	return fd;
}

bool packets_from_peer(int *received, int *sent)
{
	int own = open("/proc/self/ns/net", O_RDONLY), other;
	char path[32];
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", peer);
	other = open(path, O_RDONLY);
	*received = packet_socket(ADDRESS, PEER_ADDRESS);
	good = !setns(other, CLONE_NEWNET);
	*sent = packet_socket(PEER_ADDRESS, ADDRESS);
	good &= !setns(own, CLONE_NEWNET);
	close(other);
	close(own);
	return good && *received >= 0 && *sent >= 0;
}

/* When the peer's network is gone its card's interface returns. */
bool stop_peer(void)
{
	int status;
	bool good = !shutdown(link_to_peer, SHUT_WR) &&
		    waitpid(peer, &status, 0) == peer && !status;

	close(link_to_peer);
	return good && *interface(PEER_CARD);
}

bool lose_peer(void)
{
	bool good = !kill(peer, SIGKILL) && waitpid(peer, NULL, 0) == peer;

	close(link_to_peer);
	return good && *interface(PEER_CARD);
}

static uint64_t word(size_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ULL;
}

static bool make_pattern(void)
{
	static uint64_t data[MIB / 8];
	int fd = open(PATTERN, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool good;

	for (size_t i = 0; i < MIB / 8; i++)
		data[i] = word(i);
	good = write(fd, data, MIB) == MIB;
	close(fd);
	return good;
}

/* A process that sends the pattern. */
static pid_t send_pattern(size_t mib)
{
	pid_t child = fork();
	off_t at;
	int fd;

	if (child)
		return child;
	signal(SIGPIPE, SIG_IGN);
	fd = open(PATTERN, O_RDONLY);
	for (; mib; mib--)
		for (at = 0; at < MIB;)
			if (sendfile(link_to_peer, fd, &at, MIB - at) <= 0)
				_exit(1);
	_exit(0);
}

bool send_around(size_t mib)
{
	static uint64_t data[8192];
	pid_t child;
	int status;
	bool good;

	if (!make_pattern())
		return false;
	child = send_pattern(mib);
	good = child > 0;
	for (size_t at = 0; good && at < mib * MIB; at += sizeof(data)) {
		good = recv(link_to_peer, data, sizeof(data), MSG_WAITALL) ==
		       sizeof(data);
		for (size_t i = 0; good && i < sizeof(data) / 8; i++)
			good = data[i] == word((at % MIB) / 8 + i);
		if (!good)
			say("dma-bypass: lost or wrong from byte %zu on\n", at);
	}
	if (!good && child > 0)
		kill(child, SIGKILL);
	return child > 0 && waitpid(child, &status, 0) == child && !status && good;
}

pid_t keep_sending(void)
{
	pid_t child = fork();

	if (child)
		return child;
	setpgid(0, 0);
	while (send_around(1))
		;
	for (;;)
		pause();
}
