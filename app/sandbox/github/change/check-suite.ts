import { suiteComplete, suitePayload } from '../shapes/check.ts'
import type { CheckRun, CheckSuite } from '../state/check.ts'
import type { Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { announce } from './announce.ts'

/**
 * Asks every App that may write checks for a suite on a commit that was pushed. Automatic suites are on by default:
 * https://docs.github.com/en/rest/checks/suites. A commit that has its suite already is not asked about again.
 */
export async function requestSuites(
  world: World,
  repository: Repository,
  push: { readonly before: string; readonly after: string; readonly actorId: number },
): Promise<void> {
  const { before, after: headSha } = push
  for (const installation of world.installations.values()) {
    const { appId, permissions, repositories, suspendedAt } = installation
    if (!repositories.has(repository.id) || suspendedAt !== null || permissions.checks !== 'write') continue
    if (suiteOn(repository, appId, headSha)) continue
    const suite = { id: world.nextId(), appId, headSha, before, createdAt: world.clock.now() }
    repository.checkSuites.push(suite)
    await announceSuite(world, repository, suite, push.actorId, 'requested')
  }
}

/** The suite of one App on one commit, made where there is none. */
export function ensureSuite(
  world: World,
  repository: Repository,
  appId: number,
  headSha: string,
): CheckSuite {
  const known = suiteOn(repository, appId, headSha)
  if (known) return known
  const suite = { id: world.nextId(), appId, headSha, before: null, createdAt: world.clock.now() }
  repository.checkSuites.push(suite)
  return suite
}

/** What follows from a check run that was completed: with the last of them the suite is. */
export async function runCompleted(world: World, repository: Repository, run: CheckRun, senderId: number) {
  const suite = ensureSuite(world, repository, run.appId, run.headSha)
  if (suiteComplete(repository, suite)) await announceSuite(world, repository, suite, senderId, 'completed')
}

/** Tells of a suite: that it is complete, everybody; that it is asked for, the App whose it is. */
export async function announceSuite(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  senderId: number,
  action: 'requested' | 'rerequested' | 'completed',
): Promise<void> {
  const body = async () => ({ check_suite: await suitePayload(world, repository, suite) })
  await announce(world, repository, senderId, 'check_suite', action, body, ({ appId, permissions }) =>
    action === 'completed'
      ? permissions.checks !== undefined
      : appId === suite.appId && permissions.checks === 'write',
  )
}

const suiteOn = (repository: Repository, appId: number, headSha: string): CheckSuite | undefined =>
  repository.checkSuites.find((each) => each.appId === appId && each.headSha === headSha)
