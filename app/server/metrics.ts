import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Verdict } from '../decision/decision.ts'
import { grantStates } from '../grant/state.ts'
import type { MetricFacts } from '../reconcile/ports/metric-facts.ts'

export type Metrics = {
  delivery(event: string, outcome: 'new' | 'known' | 'ignored' | 'refused'): void
  decision(moment: 'forecast' | 'merge' | 'start', verdict: Verdict): void
  /** From the merge (for a later start: its second verdict) to the grant's read-back, in milliseconds. */
  mergeToActive(ms: number): void
  /** From the grant's end to the first read-back that says absent, in milliseconds. */
  endToGone(ms: number): void
  /** What comparing a cloud with the ledger found. */
  finding(provider: string, finding: string): void
  /** Prometheus text; the facts are asked for now. Throws when they cannot be had. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>
}

const buckets = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600]

/** The service's metrics (docs/api.md lists them). Gauges come from database and ledger, counters are this replica's. */
export function createMetrics(facts: () => Promise<MetricFacts>, clock: { now(): number }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const deliveries = new Counter({
    name: 'gitsudo_deliveries_total',
    help: 'Webhook deliveries by event and outcome.',
    labelNames: ['event', 'outcome'],
    registers,
  })
  const decisions = new Counter({
    name: 'gitsudo_decisions_total',
    help: 'Decisions by moment and verdict.',
    labelNames: ['moment', 'verdict'],
    registers,
  })
  const active = new Histogram({
    name: 'gitsudo_merge_to_active_seconds',
    help: 'From the merge, or a later start, to the grant read back as present.',
    buckets,
    registers,
  })
  const gone = new Histogram({
    name: 'gitsudo_end_to_gone_seconds',
    help: "From a grant's end to its first read-back as absent.",
    buckets,
    registers,
  })
  const grants = new Gauge({
    name: 'gitsudo_grants',
    help: 'Grants by state.',
    labelNames: ['state'],
    registers,
  })
  const debt = new Gauge({
    name: 'gitsudo_revocation_debt',
    help: 'Grants past their end or revoked, not yet confirmed gone.',
    registers,
  })
  const debtAge = new Gauge({
    name: 'gitsudo_revocation_debt_oldest_seconds',
    help: 'How long ago the oldest of them ended or was revoked.',
    registers,
  })
  const findings = new Counter({
    name: 'gitsudo_cloud_findings_total',
    help: 'What comparisons of clouds with the ledger found.',
    labelNames: ['provider', 'finding'],
    registers,
  })
  const comparison = new Gauge({
    name: 'gitsudo_cloud_comparison_age_seconds',
    help: 'Since when no comparison of a cloud with the ledger has come to its end.',
    labelNames: ['provider'],
    registers,
  })
  const lag = new Gauge({
    name: 'gitsudo_ledger_lag_events',
    help: 'Events staged and not yet sealed.',
    registers,
  })
  const lagAge = new Gauge({
    name: 'gitsudo_ledger_lag_seconds',
    help: 'Age of the oldest of them.',
    registers,
  })

  const anchorAge = new Gauge({
    name: 'gitsudo_anchor_age_seconds',
    help: 'Age of the oldest event that no anchor holds.',
    registers,
  })

  // A cloud that was never compared is at least as old as this replica.
  const began = clock.now()
  const age = (since: number | undefined): number =>
    since === undefined ? 0 : Math.max(0, (clock.now() - since) / 1_000)
  return {
    // Anybody can send any event name; only those that GitHub signed may become a label.
    delivery: (event, outcome) =>
      deliveries.inc({
        event: outcome !== 'refused' && /^[a-z_]{1,40}$/.test(event) ? event : 'unsigned',
        outcome,
      }),
    decision: (moment, verdict) => decisions.inc({ moment, verdict }),
    finding: (provider, finding) => findings.inc({ provider, finding }),
    mergeToActive: (ms) => active.observe(ms / 1_000),
    endToGone: (ms) => gone.observe(ms / 1_000),
    async scrape() {
      const now = await facts()
      for (const state of grantStates) grants.set({ state }, now.grants[state] ?? 0)
      debt.set(now.revocationDebt.count)
      debtAge.set(now.revocationDebt.oldestMs / 1_000)
      for (const { provider, lookedAt = began } of now.clouds) comparison.set({ provider }, age(lookedAt))
      lag.set(now.ledgerLag.count)
      lagAge.set(age(now.ledgerLag.oldest))
      anchorAge.set(age(now.unanchoredSince))
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
