// SPDX-License-Identifier: GPL-2.0
/*
 * Network cards whose driver requests bypass for data: in a window where it is
 * granted, translated where it is not, and right in any case.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "guest.h"
#include "traced.h"

#define CARD_POLICY	CARD_SYSFS "dma_bypass/policy"
#define CARD_STATE	CARD_SYSFS "dma_bypass/state"
#define PEER_STATE	"/sys/bus/pci/devices/" PEER_CARD "/dma_bypass/state"
#define DRIVER		"/sys/bus/pci/drivers/e1000e/"
#define USUAL		1500	/* MTU: each packet is received into one buffer */
#define JUMBO		9000	/* and into its header's and into pages */
#define LITTLE		2	/* MiB that are traced */
#define MUCH		48

static bool granted;		/* what the suite expects */

static bool is_ready(void)
{
	return granted ? becomes(CARD_STATE, "open") && becomes(PEER_STATE, "open") :
			 !strcmp(read_file(CARD_STATE), "closed") &&
			 !strcmp(read_file(PEER_STATE), "closed");
}

/* Data that goes around is mapped where it is to be, all of it with the attribute. */
static void expect_traffic(bool bypassed)
{
	struct traced traced;

	EXPECT(start_trace());
	EXPECT(send_around(LITTLE));
	EXPECT(stop_trace(CARD, window_of(CARD), &traced));
	EXPECT(!traced.unrequested);
	EXPECT(bypassed ? traced.bypassed && !traced.translated :
			  traced.translated && !traced.bypassed);
}

static void cards_are_there(void)
{
	ASSERT(mount_trace());
	ASSERT(start_peer(USUAL));
	EXPECT(send_around(1));
	EXPECT(is_ready());
}

static void all_traffic(void)
{
	/* What was mapped for receiving before the window was open is used first. */
	EXPECT(send_around(LITTLE));
	expect_traffic(granted);
}

static void much_traffic(void)
{
	EXPECT(send_around(MUCH));
}

static void jumbo_frames(void)
{
	ASSERT(stop_peer());
	ASSERT(start_peer(JUMBO));
	EXPECT(send_around(LITTLE));
	expect_traffic(granted);
	EXPECT(send_around(MUCH));
	ASSERT(stop_peer());
	ASSERT(start_peer(USUAL));
}

/* The rings are allocated, and are translated. */
static void rings_are_translated(void)
{
	struct traced traced;

	ASSERT(stop_peer());
	ASSERT(!write_file(DRIVER "unbind", CARD));
	EXPECT_FILE(CARD_STATE, "closed");
	EXPECT(start_trace());
	ASSERT(!write_file(DRIVER "bind", CARD));
	ASSERT(start_peer(USUAL));
	EXPECT(send_around(1));
	EXPECT(is_ready());
	EXPECT(stop_trace(CARD, window_of(CARD), &traced));
	EXPECT(traced.allocated >= 2 * 4096);
	EXPECT(!traced.allocated_bypassed);
	EXPECT(!traced.unrequested);
}

static void policy_changes(void)
{
	for (int i = 0; i < 3; i++) {
		EXPECT(!write_file(CARD_POLICY, "deny"));
		EXPECT(becomes(CARD_STATE, "draining"));
		expect_traffic(false);
		EXPECT(!write_file(CARD_POLICY, "allow"));
		EXPECT(becomes(CARD_STATE, "open"));
		expect_traffic(true);
	}
}

static void policy_changes_during_traffic(void)
{
	pid_t child = fork();

	while (!child) {
		write_file(CARD_POLICY, "deny");
		usleep(50000);
		write_file(CARD_POLICY, "allow");
		usleep(50000);
	}
	EXPECT(send_around(MUCH));
	EXPECT(child > 0 && !kill(child, SIGKILL) &&
	       waitpid(child, NULL, 0) == child);
	EXPECT(!write_file(CARD_POLICY, "default"));
}

static void bypassed_cards_are_there(void)
{
	granted = true;
	cards_are_there();
}

#define BOTH_SUITES						\
	{ "all_traffic", all_traffic },				\
	{ "much_traffic", much_traffic },			\
	{ "jumbo_frames", jumbo_frames },			\
	{ "rings_are_translated", rings_are_translated }

const struct guest_suite net_bypassed_suite = {
	.name	= "net_bypassed",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", bypassed_cards_are_there },
		BOTH_SUITES,
		{ "policy_changes", policy_changes },
		{ "policy_changes_during_traffic",
		  policy_changes_during_traffic },
		{ }
	},
};

const struct guest_suite net_translated_suite = {
	.name	= "net_translated",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", cards_are_there },
		BOTH_SUITES,
		{ }
	},
};
