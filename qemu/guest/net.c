// SPDX-License-Identifier: GPL-2.0
/*
 * Network cards whose driver requests bypass for data: in a window where it is
 * granted, in a guarded one where they are confined, translated where neither is, and
 * right in any case.  And cards whose driver knows nothing of it.
 */
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "guest.h"
#include "traced.h"

#define CARD_POLICY	CARD_SYSFS "dma_bypass/policy"
#define CARD_STATE	CARD_SYSFS "dma_bypass/state"
#define CARD_REASON	CARD_SYSFS "dma_bypass/reason"
#define PEER_POLICY	PEER_SYSFS "dma_bypass/policy"
#define PEER_STATE	PEER_SYSFS "dma_bypass/state"
#define PEER_REASON	PEER_SYSFS "dma_bypass/reason"
#define REQUESTING	"e1000e"	/* the driver that passes the attribute */
#define BENCHMARK	"dma_map_benchmark"
#define USUAL		1500	/* MTU: each packet is received into one buffer */
#define JUMBO		9000	/* and into its header's and into pages */
#define LITTLE		2	/* MiB that are traced */
#define MUCH		48

#define TRIES		20	/* until most is in a guarded window */
#define MOST(bytes)	((bytes) - (bytes) / 16)

static const char *window = "closed";	/* the state that is expected */
static bool requests;			/* whether the card's driver passes the attribute */

static bool find_driver(void)
{
	char name[PATH_MAX];
	ssize_t len = readlink(CARD_SYSFS "driver", name, sizeof(name) - 1);

	name[len < 0 ? 0 : len] = '\0';
	requests = !strcmp(basename(name), REQUESTING);
	return len > 0;
}

static bool unbind(const char *card)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", card);
	return !write_file(path, card);
}

static bool bind(const char *card)
{
	return !write_file("/sys/bus/pci/drivers_probe", card);
}

/* All of what is mapped has the attribute, or nothing. */
static bool all_alike(const struct traced *traced)
{
	return requests ? !traced->unrequested :
	       traced->unrequested == traced->bypassed + traced->translated;
}

static bool is_expected(const char *state)
{
	return !strcmp(window, state);
}

static bool is_ready(void)
{
	return is_expected("closed") ?
	       !strcmp(read_file(CARD_STATE), "closed") &&
	       !strcmp(read_file(PEER_STATE), "closed") :
	       becomes(CARD_STATE, window) && becomes(PEER_STATE, window) &&
	       window_of(CARD) && window_of(PEER_CARD);
}

static void trace_traffic(struct traced *traced)
{
	EXPECT(start_trace());
	EXPECT(send_around(LITTLE));
	EXPECT(stop_trace(CARD, window_of(CARD), traced));
	EXPECT(all_alike(traced));
}

/* Data that goes around is mapped where it is to be. */
static void expect_traffic(const char *state)
{
	struct traced traced;
	int tries = 0;

	EXPECT_FILE(CARD_STATE, state);
	trace_traffic(&traced);
	if (!strcmp(state, "open"))
		EXPECT(traced.bypassed && !traced.translated);
	else if (strcmp(state, "guarded"))
		EXPECT(traced.translated && !traced.bypassed);
	else	/* It makes memory ready when it is first mapped. */
		while (traced.bypassed <= MOST(traced.bypassed + traced.translated) &&
		       EXPECT(++tries < TRIES))
			trace_traffic(&traced);
}

/* Nobody grants a window to the driver that could have one. */
static const char *expected_reason(void)
{
	if (!is_expected("closed"))
		return "granted";
	return requests ? "policy" : "mask";
}

static void cards_are_there(void)
{
	ASSERT(mount_trace());
	ASSERT(start_peer(USUAL));
	ASSERT(find_driver());
	EXPECT(send_around(1));
	EXPECT(is_ready());
	EXPECT_FILE(CARD_REASON, expected_reason());
}

static void all_traffic(void)
{
	/* What was mapped for receiving before the window was open is used first. */
	EXPECT(send_around(LITTLE));
	expect_traffic(window);
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
	expect_traffic(window);
	EXPECT(send_around(MUCH));
	ASSERT(stop_peer());
	ASSERT(start_peer(USUAL));
}

/* The rings are allocated, and are translated. */
static void rings_are_translated(void)
{
	struct traced traced;

	ASSERT(stop_peer());
	ASSERT(unbind(CARD));
	EXPECT_FILE(CARD_STATE, "closed");
	EXPECT(!window_of(CARD));
	EXPECT(start_trace());
	ASSERT(bind(CARD));
	ASSERT(start_peer(USUAL));
	EXPECT(send_around(1));
	EXPECT(is_ready());
	EXPECT(stop_trace(CARD, window_of(CARD), &traced));
	EXPECT(traced.allocated >= 2 * 4096);
	EXPECT(!traced.allocated_bypassed);
	EXPECT(all_alike(&traced));
}

/* From when the drivers are bound on. */
static void set_policies(const char *policy)
{
	ASSERT(stop_peer());
	EXPECT(!write_file(CARD_POLICY, policy));
	EXPECT(!write_file(PEER_POLICY, policy));
	EXPECT(unbind(CARD));
	EXPECT(unbind(PEER_CARD));
	EXPECT(bind(CARD));
	EXPECT(bind(PEER_CARD));
	ASSERT(start_peer(USUAL));
	EXPECT(send_around(1));
}

/* The drivers find the windows closed: their mappings are those of cards without. */
static void denied_cards_are_translated(void)
{
	const char *before = strdup(read_file(CARD_POLICY)), *state = window;

	window = "closed";
	set_policies("deny");
	EXPECT(is_ready());
	EXPECT_FILE(CARD_REASON, "policy");
	all_traffic();
	window = state;
	set_policies(before);
	EXPECT(is_ready());
	all_traffic();
}

static void expect_policy(const char *policy, const char *state)
{
	EXPECT(!write_file(CARD_POLICY, policy));
	EXPECT(becomes(CARD_STATE, state));
	expect_traffic(state);
}

/* The other kind of window does not open before the driver is bound again. */
static void policy_changes(void)
{
	bool guarded = is_expected("guarded");

	for (int i = 0; i < 3; i++) {
		expect_policy("deny", "draining");
		expect_policy(guarded ? "allow" : "guard", "draining");
		expect_policy(guarded ? "guard" : "allow", window);
	}
}

static void policy_changes_during_traffic(void)
{
	static const char * const policies[] = { "deny", "allow", "guard" };
	pid_t child = fork();

	for (int i = 0; !child; i++) {
		write_file(CARD_POLICY, policies[i % 3]);
		usleep(50000);
	}
	EXPECT(send_around(MUCH));
	EXPECT(child > 0 && !kill(child, SIGKILL) &&
	       waitpid(child, NULL, 0) == child);
	EXPECT(!write_file(CARD_POLICY, "default"));
}

/* The other card stays, and what it has in flight is lost. */
static void removal_during_traffic(void)
{
	pid_t child;

	for (int i = 0; i < 3; i++) {
		child = keep_sending();
		ASSERT(child > 0);
		sleep(1);
		EXPECT(!write_file(CARD_SYSFS "remove", "1"));
		EXPECT(access(CARD_SYSFS, F_OK));
		EXPECT(!window_of(CARD));
		EXPECT(!kill(-child, SIGKILL) && waitpid(child, NULL, 0) == child);
		ASSERT(lose_peer());
		EXPECT(!write_file("/sys/bus/pci/rescan", "1"));
		ASSERT(start_peer(USUAL));
		EXPECT(send_around(LITTLE));
		EXPECT(is_ready());
		expect_traffic(window);
	}
}

/* Who unmaps waits for the device's TLB, too, in a guarded window as elsewhere. */
static void expect_device_tlbs_invalidated(const char *policy, const char *state)
{
	struct traced traced;

	EXPECT(!write_file(CARD_POLICY, policy));
	EXPECT(becomes(CARD_STATE, state));
	trace_traffic(&traced);
	EXPECT(traced.with_device_tlb > 100);
	EXPECT(!traced.without_device_tlb);
}

static void device_tlbs_are_invalidated(void)
{
	ASSERT(trace_invalidations());
	expect_device_tlbs_invalidated("guard", "guarded");
	expect_device_tlbs_invalidated("deny", "draining");
	expect_device_tlbs_invalidated("guard", "guarded");
}

/* Of a driver that requests bypass, as the card's does not. */
static void closing_invalidates_device_tlb(void)
{
	struct traced traced;
	const char *said;

	EXPECT(!write_file(CARD_POLICY, "allow"));
	ASSERT(!bind_driver(CARD, BENCHMARK));
	EXPECT(!run_program((char *[]) { "/bin/" BENCHMARK, "-s", "1", "-b", "64", "-B",
					 NULL }, &said));
	EXPECT_FILE(CARD_STATE, "open");
	EXPECT(start_trace());
	EXPECT(unbind(CARD));
	EXPECT(stop_trace(CARD, 0, &traced));
	EXPECT(traced.with_device_tlb);
	EXPECT(!traced.without_device_tlb);
	EXPECT_FILE(CARD_STATE, "closed");
}

/* An unchanged driver, of cards whose DMA mask is 32 bits, and does not cover a window. */
static void masked_cards_are_there(void)
{
	cards_are_there();
	EXPECT_FILE(CARD_REASON, "mask");
	EXPECT_FILE(PEER_REASON, "mask");
}

static void expect_translated_unrequested(void)
{
	struct traced traced;

	EXPECT(start_trace());
	EXPECT(send_around(LITTLE));
	EXPECT(stop_trace(CARD, window_of(CARD), &traced));
	EXPECT(traced.translated && traced.unrequested == traced.translated);
	EXPECT(!traced.bypassed);
	EXPECT_FILE(CARD_STATE, "closed");
}

static void no_policy_opens_a_window(void)
{
	static const char * const policies[] = { "allow", "guard" };

	for (int i = 0; i < 2; i++) {
		EXPECT(!write_file(CARD_POLICY, policies[i]));
		EXPECT_FILE(CARD_REASON, "mask");
		expect_translated_unrequested();
	}
	EXPECT(!write_file(CARD_POLICY, "deny"));
	EXPECT_FILE(CARD_REASON, "policy");
	expect_translated_unrequested();
	EXPECT(!write_file(CARD_POLICY, "default"));
}

/* Not left to power-off: that stops a virtio-iommu before the cards behind it. */
static void drivers_are_unbound(void)
{
	ASSERT(stop_peer());
	EXPECT(unbind(CARD));
	EXPECT(unbind(PEER_CARD));
	EXPECT_FILE(CARD_STATE, "closed");
	EXPECT_FILE(PEER_STATE, "closed");
	EXPECT(!window_of(CARD) && !window_of(PEER_CARD));
}

static void bypassed_cards_are_there(void)
{
	window = "open";
	cards_are_there();
}

static void guarded_cards_are_there(void)
{
	window = "guarded";
	cards_are_there();
}

#define BOTH_SUITES						\
	{ "all_traffic", all_traffic },				\
	{ "much_traffic", much_traffic },			\
	{ "jumbo_frames", jumbo_frames },			\
	{ "rings_are_translated", rings_are_translated },	\
	{ "removal_during_traffic", removal_during_traffic }

#define WINDOW_SUITES						\
	BOTH_SUITES,						\
	{ "denied_cards_are_translated",			\
	  denied_cards_are_translated },			\
	{ "policy_changes", policy_changes },			\
	{ "policy_changes_during_traffic",			\
	  policy_changes_during_traffic }

const struct guest_suite net_bypassed_suite = {
	.name	= "net_bypassed",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", bypassed_cards_are_there },
		WINDOW_SUITES,
		{ "drivers_are_unbound", drivers_are_unbound },
		{ }
	},
};

const struct guest_suite net_guarded_suite = {
	.name	= "net_guarded",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", guarded_cards_are_there },
		WINDOW_SUITES,
		{ "drivers_are_unbound", drivers_are_unbound },
		{ }
	},
};

/* Cards that cache translations. */
const struct guest_suite net_device_tlb_suite = {
	.name	= "net_device_tlb",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", guarded_cards_are_there },
		{ "all_traffic", all_traffic },
		{ "device_tlbs_are_invalidated", device_tlbs_are_invalidated },
		{ "jumbo_frames", jumbo_frames },
		{ "drivers_are_unbound", drivers_are_unbound },
		{ "closing_invalidates_device_tlb",
		  closing_invalidates_device_tlb },
		{ }
	},
};

const struct guest_suite net_translated_suite = {
	.name	= "net_translated",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", cards_are_there },
		BOTH_SUITES,
		{ "drivers_are_unbound", drivers_are_unbound },
		{ }
	},
};

const struct guest_suite net_masked_suite = {
	.name	= "net_masked",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", masked_cards_are_there },
		{ "traffic_is_translated", expect_translated_unrequested },
		{ "much_traffic", much_traffic },
		{ "no_policy_opens_a_window", no_policy_opens_a_window },
		{ }
	},
};
