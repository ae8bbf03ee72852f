import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Intake } from '../github/webhook.ts'
import { debtOf } from '../grant/debt.ts'
import type { LoadedPolicySet } from '../policy/policy-set.ts'
import { issueCredentials } from '../reconcile/credentials.ts'
import type { PolicyCache } from '../reconcile/observe/policies.ts'
import { askOverride, endOverride, policiesOff } from '../reconcile/overrides.ts'
import { acceptedCommit, loadAccepted } from '../reconcile/policies.ts'
import { policyDrift } from '../reconcile/policy-change/drift.ts'
import { askRevoke } from '../reconcile/revoke.ts'
import { statusOf } from '../reconcile/status-of.ts'
import type { Component, PolicyEntry, ServerDeps } from '../server/deps.ts'
import type { Metrics } from '../server/metrics.ts'
import type { Anchoring } from './anchoring.ts'
import { messageOf } from './message-of.ts'
import { counted } from './metered.ts'
import type { OpenPorts, Ports } from './ports.ts'
import { questions } from './questions.ts'
import type { Reach } from './reach.ts'
import { reloadEach } from './reload.ts'
import { within } from './within.ts'

/** What the HTTP server may do, each a plain function over the ports. */
export const serverDeps = (
  config: Config,
  version: string,
  deps: Ports & { readonly policies: PolicyCache },
  opened: OpenPorts,
  metrics: Metrics,
  intake: Intake,
  anchoring: Anchoring | undefined,
  reach: Reach,
): ServerDeps => {
  const { store, github, ledger, settings, clock, log } = deps
  const repositories = [...settings.repositories.values()]
  const accepted = async (id: number): Promise<LoadedPolicySet> => {
    const repository = settings.repositories.get(id)
    if (repository === undefined) throw new Error(`repository ${id} is not configured`)
    return (await deps.policies.get(id, await acceptedCommit(deps, repository))) as LoadedPolicySet
  }
  /** Repositories whose policies can be used; what is wrong with another shows in its own status alone. */
  const usable = async () => {
    const tried = await Promise.allSettled(
      repositories.map(async ({ id }) => ({ id, set: await accepted(id) })),
    )
    return tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }
  /** Why each policy that is off is. */
  const offOf = async (id: number): Promise<ReadonlyMap<string, Pick<PolicyEntry, 'off'>>> => {
    const { byHand, overridden } = await policiesOff(deps, id)
    return new Map<string, Pick<PolicyEntry, 'off'>>([
      ...byHand.map((name) => [name, { off: { kind: 'by hand' } }] as const),
      ...overridden.map(
        ({ policy, until, by }) =>
          [policy, { off: { kind: 'override', until, by: by.map(({ login }) => login) } }] as const,
      ),
    ])
  }
  return {
    clock,
    log,
    facts: {
      version,
      instance: config.instance,
      github: {
        apiUrl: config.github.baseUrl,
        webUrl: config.github.gitUrl,
        clientId: config.github.clientId,
      },
      repositories: repositories.map(({ id, fullName, branch, merge }) => ({
        id,
        name: fullName,
        branch,
        merge,
      })),
      administrators: config.administrators,
      auditors: config.auditors,
    },
    intake: counted(intake, metrics),
    caller: (token) => github.caller(token),
    async readable(account) {
      const sets = await usable()
      const known = sets.filter(({ set }) => set.directory.byId(account.id)?.blocked === false)
      return {
        known: known.map(({ id }) => id),
        unread: repositories.map(({ id }) => id).filter((id) => sets.every((one) => one.id !== id)),
      }
    },
    async peopleNamed(user) {
      const login = user.toLowerCase()
      return (await usable()).flatMap(({ id: repository, set: { directory } }) => {
        const person = user.includes('@')
          ? directory.byId(directory.byEmail(user)?.id ?? 0)
          : directory.identities.find((one) => one.login.toLowerCase() === login)
        return person === undefined ? [] : [{ repository, id: person.id }]
      })
    },
    status: (filter) => store.status(filter),
    request: (id) => statusOf(deps, id),
    revoke: (ask) => askRevoke(deps, { ...ask, askedAt: clock.now() }),
    credentials: (id, requester) =>
      issueCredentials(deps, id, requester.id, { id: randomUUID() }, AbortSignal.timeout(30_000)),
    events: (filter) => ledger.read({ ...filter, newestFirst: true }),
    async policies() {
      const listed = await Promise.all(
        (await usable()).map(async ({ id, set }) => {
          const off = await offOf(id)
          return set.policies.map(({ name, type }) => ({
            name,
            type,
            enabled: !off.has(name),
            ...off.get(name),
            repository: id,
            commit: set.commit,
          }))
        }),
      )
      return listed.flat()
    },
    async override({ repository, policy, by, seconds }) {
      const { policies } = await accepted(repository)
      if (!policies.some(({ name }) => name === policy)) return { kind: 'no_such_policy' }
      return seconds === undefined
        ? endOverride(deps, { repository, policy, by })
        : askOverride(deps, { repository, policy, by, seconds })
    },
    evaluate: questions(deps, accepted, opened.questions),
    async reloadPolicies() {
      deps.policies.clear()
      return reloadEach(repositories, async (repository) => {
        const { policies } = await loadAccepted(deps, repository)
        const off = await offOf(repository.id)
        return policies.filter(({ name }) => !off.has(name)).length
      })
    },
    async readiness() {
      return [
        await databaseUp(deps),
        await policiesUp(deps, accepted),
        { name: 'opa', up: true, detail: opened.opa },
        await githubUp(reach),
        mirrorsUp(
          reach,
          repositories.map(({ id }) => id),
        ),
        await anchorUp(deps, reach, anchoring),
        { name: 'revocation debt', up: true, detail: await debtDetail(deps) },
      ]
    },
    repositories: () =>
      Promise.all(
        repositories.map(async (repository) => ({
          id: repository.id,
          acceptedCommit: await acceptedCommit(deps, repository),
          troubles: [
            ...(await accepted(repository.id).then(
              () => policyDrift(deps, repository),
              (error: unknown) => [messageOf(error)],
            )),
            ...notFetched(reach, repository.id),
            ...(await unprotected(deps, repository)),
          ],
          off: [...(await offOf(repository.id))].map(([name, off]) => ({ name, ...off })),
        })),
      ),
    metrics: () => metrics.scrape(),
  }
}

/** What keeps GitHub from waiting for our check (trust.md 6.06c); the verdict at the merge waits for nobody. */
const unprotected = async (
  { github }: Ports,
  { id, branch }: { readonly id: number; readonly branch: string },
): Promise<readonly string[]> => {
  try {
    const required = await within(5000, github.repository(id).requiredCheck(branch))
    if (required === 'ours') return []
    return [
      required === 'none'
        ? `branch protection of ${branch} does not require the check gitsudo from this App`
        : `branch protection of ${branch} takes the check gitsudo from anybody: require it from this App`,
    ]
  } catch (error) {
    return [`branch protection of ${branch} cannot be read: ${messageOf(error)}`]
  }
}

/** While nothing may be given, a replica has to take away. */
const anchorUp = async (
  { checkpoints, clock }: Ports,
  reach: Reach,
  anchoring: Anchoring | undefined,
): Promise<Component> => {
  const anchor = { name: 'anchor', optional: true } as const
  if (anchoring === undefined)
    return { ...anchor, up: true, detail: 'off: the configuration has no anchorRepository' }
  const doubt = anchoring.anchorer.doubt()
  if (doubt !== undefined) return { ...anchor, up: false, detail: `nothing is given: ${doubt}` }
  try {
    const { last, waiting } = await within(2000, checkpoints.anchors(anchoring.repository))
    const why = reach.anchor()
    const rest =
      waiting === 'nothing'
        ? 'nothing waits for the next'
        : `events wait for the next${why === undefined ? '' : `: ${why}`}`
    const seconds = last === undefined ? 0 : Math.max(0, Math.round((clock.now() - last.at) / 1000))
    const held = last === undefined ? 'none yet' : `${last.size} events anchored ${seconds} s ago`
    return { ...anchor, up: why === undefined, detail: `${held}; ${rest}` }
  } catch (error) {
    return { ...anchor, up: false, detail: messageOf(error) }
  }
}

const githubUp = async (reach: Reach): Promise<Component> => {
  const away = await reach.github()
  return { name: 'github', up: away === undefined, optional: true, detail: away ?? 'answers' }
}

const notFetched = (reach: Reach, id: number): readonly string[] => {
  const why = reach.mirror(id)
  return why === undefined ? [] : [`its branch cannot be followed: ${why}`]
}

/** Which one could not be fetched, and why, is that repository's own trouble. */
const mirrorsUp = (reach: Reach, ids: readonly number[]): Component => {
  const away = ids.filter((id) => reach.mirror(id) !== undefined).length
  const detail = away === 0 ? 'fetched' : `${away} of ${ids.length} could not be fetched the last time`
  return { name: 'mirror', up: away === 0, optional: true, detail }
}

/** Not what makes a replica unready either. */
const debtDetail = async ({ ledger, clock }: Ports): Promise<string> => {
  try {
    const { count, oldestMs } = debtOf((await within(2000, ledger.standing())).open, clock.now())
    if (count === 0) return 'none'
    const grants = count === 1 ? '1 grant' : `${count} grants`
    return `${grants} not confirmed gone, the oldest for ${Math.round(oldestMs / 1000)} s`
  } catch (error) {
    return messageOf(error)
  }
}

const databaseUp = async ({ store }: Ports): Promise<Component> => {
  try {
    const missing = await within(2000, store.health())
    return missing.length === 0
      ? { name: 'database', up: true, detail: 'answers, migrated' }
      : { name: 'migrations', up: false, detail: `missing: ${missing.join(', ')}; run gitsudo server init` }
  } catch (error) {
    return { name: 'database', up: false, detail: messageOf(error) }
  }
}

/** Ready means that at least one repository can be served; troubles of one never make the others unready. */
const policiesUp = async (
  { settings }: Ports,
  accepted: (id: number) => Promise<unknown>,
): Promise<Component> => {
  const tried = await Promise.allSettled(
    [...settings.repositories.keys()].map((id) => within(2000, accepted(id))),
  )
  if (tried.some(({ status }) => status === 'fulfilled'))
    return { name: 'policies', up: true, detail: 'loaded' }
  const [first] = tried
  const why = first?.status === 'rejected' ? first.reason : 'no repository is configured'
  return { name: 'policies', up: false, detail: messageOf(why) }
}
