import { describe, expect, test } from 'vitest'
import * as bodies from './bodies.ts'
import { bytes, guid, setUp } from './intake.ts'

describe('what each event asks to be looked at', () => {
  const pull = { queue: 'pull-request', key: '7:5' }
  const waitedFor = { ...pull, urgent: 1_700_000_000_000 }
  const publish = { queue: 'publish', key: '7:5' }
  const branch = { queue: 'branch', key: '7' }
  const group = { queue: 'merge-group', key: `7:${bodies.group}` }
  test.each<[string, object, readonly object[]]>([
    ['pull_request', bodies.pullRequest('opened'), [pull]],
    ['pull_request', bodies.pullRequest('synchronize'), [pull]],
    ['pull_request', bodies.pullRequest('edited'), [pull]],
    ['pull_request', bodies.pullRequest('closed'), [pull]],
    ['pull_request', bodies.pullRequest('closed', { merged: true }), [waitedFor, branch]],
    ['pull_request_review', bodies.review(), [pull]],
    ['pull_request_review', bodies.review('dismissed', { state: 'dismissed' }), [pull]],
    ['pull_request_review', bodies.review('submitted', { user: null }), [pull]],
    ['push', bodies.push(), [branch]],
    ['push', bodies.push('refs/heads/topic'), []],
    ['push', bodies.push('refs/tags/main'), []],
    ['issue_comment', bodies.comment('please\n/gitsudo revoke'), [waitedFor]],
    ['issue_comment', bodies.comment('looks good'), []],
    ['issue_comment', bodies.comment('/gitsudo revoke', {}), []],
    ['merge_group', bodies.mergeGroup(), [group]],
    ['merge_group', bodies.mergeGroup('destroyed'), []],
    ['merge_group', bodies.mergeGroup('checks_requested', { base_ref: 'refs/heads/other' }), []],
    [
      'check_run',
      bodies.checkRun('rerequested', {
        external_id: null,
        check_suite: { head_branch: bodies.group.slice(11) },
      }),
      [group],
    ],
    ['check_run', bodies.checkRun('rerequested'), [pull, publish]],
    ['check_run', bodies.checkRun('rerequested', { external_id: 'gitsudo:8:5' }), []],
    [
      'check_run',
      bodies.checkRun('rerequested', { external_id: null, pull_requests: [{ number: 5 }] }),
      [pull, publish],
    ],
    [
      'check_suite',
      bodies.checkSuite('rerequested'),
      [pull, publish, { ...pull, key: '7:6' }, { ...publish, key: '7:6' }],
    ],
  ])('%s %#', async (event, body, wake) => {
    const at = setUp()
    expect(await at.send(event, body)).toEqual({ status: 202, body: { result: 'new', delivery: guid } })
    expect(at.accepted).toHaveLength(1)
    expect(at.accepted[0]?.wake).toEqual(wake)
    expect(at.accepted[0]?.delivery).toMatchObject({
      guid,
      event,
      body: bytes(body),
      receivedAt: 1_700_000_000_000,
      repository: 7,
    })
    expect(await at.send(event, body)).toEqual({ status: 202, body: { result: 'known', delivery: guid } })
    expect(at.accepted).toHaveLength(1)
  })

  test('what the stored row says beside the body', async () => {
    const at = setUp()
    await at.send('push', bodies.push('refs/heads/topic'))
    await at.send('pull_request_review', bodies.review(), { 'x-github-delivery': 'ANOTHER-1' })
    await at.send('merge_group', bodies.mergeGroup(), { 'x-github-delivery': 'third' })
    expect(at.accepted.map(({ delivery }) => delivery)).toMatchObject([
      { ref: 'refs/heads/topic' },
      { pull: 5, guid: 'another-1' },
      { ref: bodies.group },
    ])
    expect(at.accepted[0]?.delivery).not.toHaveProperty('pull')
  })
})

describe('acknowledged and not stored', () => {
  test.each<[string, object]>([
    ['ping', { zen: 'Design for failure.', hook_id: 1 }],
    ['star', { action: 'created', repository: bodies.repository }],
    ['__proto__', {}],
    ['pull_request', bodies.pullRequest('labeled')],
    ['pull_request', bodies.pullRequest('review_requested')],
    ['issue_comment', { ...bodies.comment('/gitsudo revoke'), action: 'edited' }],
    ['check_run', bodies.checkRun('completed')],
    ['pull_request', { ...bodies.pullRequest('opened'), repository: { id: 8, full_name: 'acme/access' } }],
    ['repository', { action: 'edited', repository: { id: 8, full_name: 'mallory/access' } }],
    [
      'installation_repositories',
      { action: 'removed', installation: { id: 1 }, repositories_removed: [{ id: 8 }] },
    ],
  ])('%s %#', async (event, body) => {
    const at = setUp()
    expect(await at.send(event, body)).toMatchObject({ status: 202, body: { result: 'ignored' } })
    expect(at.accepted).toEqual([])
    expect(at.lines).toMatchObject([{ level: 'info' }])
  })

  test.each<[string, object, string]>([
    ['installation', { action: 'suspend', installation: { id: 1 } }, 'github.installation_changed'],
    [
      'installation_repositories',
      { action: 'removed', installation: { id: 1 }, repositories_removed: [{ id: 7 }] },
      'github.installation_changed',
    ],
    [
      'repository',
      { action: 'renamed', repository: { id: 7, full_name: 'acme/other' } },
      'github.repository_changed',
    ],
  ])('%s alerts', async (event, body, alert) => {
    const at = setUp()
    expect(await at.send(event, body)).toMatchObject({ status: 202 })
    expect(at.lines).toMatchObject([{ level: 'alert', message: alert }])
  })
})
