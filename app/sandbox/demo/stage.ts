import type { Person } from '../person.ts'
import { type Ran, run } from '../run.ts'
import type { Entry, Service } from '../service.ts'
import { until } from '../until.ts'
import type { World } from '../world.ts'
import type { Timeline } from './timeline.ts'

/** What a scene plays on. */
export type Stage = {
  readonly world: World
  readonly service: Service
  readonly timeline: Timeline
  readonly entry: Entry
  readonly dir: string
}

export type Check = {
  readonly status: string
  readonly conclusion: string | null
  readonly output: {
    readonly title: string | null
    readonly summary: string | null
    readonly annotations_count: number
  }
  readonly id: number
}

/** Waits until gitsudo's check run on a commit has one of these conclusions. */
export const checkOn = (
  { world }: Stage,
  person: Person,
  head: string,
  conclusions: readonly string[],
): Promise<Check> =>
  until(`the check on ${head.slice(0, 10)} to be ${conclusions.join(' or ')}`, async () => {
    const { body } = await person.api('GET', `/repos/${world.repository.fullName}/commits/${head}/check-runs`)
    const { check_runs: runs } = body as { check_runs: readonly Check[] }
    return runs.find(({ conclusion }) => conclusion !== null && conclusions.includes(conclusion))
  })

export const showCheck = ({ timeline }: Stage, check: Check): void => {
  timeline.did('gitsudo', `check: ${check.conclusion}: ${check.output.title ?? ''}`)
}

/** Runs `gitsudo …` as a person. */
export const gitsudo = (stage: Stage, person: Person, ...args: readonly string[]): Promise<Ran> =>
  run(stage.entry.command, [...stage.entry.args, ...args], {
    env: {
      ...stage.world.service.env,
      GITSUDO_SERVER: stage.service.url,
      GITSUDO_TOKEN: person.token,
      NO_COLOR: '1',
    },
  })

export type Row = { readonly id: string; readonly state: string; readonly pull_request: number }

/** Waits until gitsudo knows the request of a pull request. */
export const requestOf = (stage: Stage, person: Person, pull: number): Promise<Row> =>
  until(`the request of pull request #${pull}`, async () => {
    const response = await fetch(`${stage.service.url}/api/v1/requests`, {
      headers: { authorization: `Bearer ${person.token}` },
    })
    if (!response.ok) return undefined
    return ((await response.json()) as readonly Row[]).find((row) => row.pull_request === pull)
  })

/** Shows why a request stands where it does, as `gitsudo status ID` tells it. */
export const showTree = async (stage: Stage, person: Person, pull: number): Promise<string> => {
  const { id } = await requestOf(stage, person, pull)
  const { stdout, stderr } = await gitsudo(stage, person, 'status', id)
  stage.timeline.show(stdout + stderr)
  return stdout
}

/** Waits for a request to reach a state, by `gitsudo status`. */
export const stateOf = (
  stage: Stage,
  person: Person,
  id: string,
  states: readonly string[],
  limitMs = 40_000,
): Promise<string> =>
  until(
    `${id} to be ${states.join(' or ')}`,
    async () => {
      const response = await fetch(`${stage.service.url}/api/v1/requests/${id}`, {
        headers: { authorization: `Bearer ${person.token}` },
      })
      if (!response.ok) return undefined
      const { state } = (await response.json()) as { state: string }
      return states.includes(state) ? state : undefined
    },
    limitMs,
  )

/** Text of a request file. */
export const requestFile = (spec: Readonly<Record<string, string>>): string =>
  [
    'apiVersion: gitsudo.dev/v1',
    'kind: AccessRequest',
    'spec:',
    ...Object.entries(spec).map(([key, value]) => `  ${key}: ${value}`),
    '',
  ].join('\n')
