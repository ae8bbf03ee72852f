import { checkOn, requestFile, type Stage, showCheck } from '../stage.ts'

const path = 'requests/2026/12/alice-typo.yaml'

/** A file with three faults: the check fails and points at each line. */
export const malformed = async (stage: Stage): Promise<void> => {
  const { timeline, world } = stage
  const { alice } = world.people
  timeline.scene('1  A malformed request')
  const text = requestFile({
    requester: 'alice',
    provider: 'mock',
    role: 'prod-infra-admin',
    scope: '123456789012',
    duration: '1 hour',
    reason: 'yes',
    approver: 'alice',
  })
  await alice.push('alice/typo', 'Ask for access', { [path]: text })
  timeline.did('alice', `git push: ${path}`)
  timeline.show(text)
  const pull = await alice.openPull('alice/typo', 'Access to production')
  timeline.did('alice', `opens pull request #${pull.number}`)
  const check = await checkOn(stage, alice, pull.head, ['failure'])
  showCheck(stage, check)
  const { body } = await alice.api(
    'GET',
    `/repos/${world.repository.fullName}/check-runs/${check.id}/annotations`,
  )
  const notes = body as readonly { path: string; start_line: number; message: string }[]
  timeline.show(notes.map((note) => `${note.path}:${note.start_line}  ${note.message}`).join('\n'))
  const lines = [...new Set(notes.map(({ start_line: line }) => line))]
  timeline.must(
    [7, 8, 10].every((line) => lines.includes(line)),
    'the check failed, with an annotation on each wrong line',
  )
}
