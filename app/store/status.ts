import { sql } from 'slonik'
import type { Store } from '../reconcile/ports/store.ts'
import type { Database } from './database.ts'
import { grantInstead, grantRow } from './grants.ts'
import { requestInstead, requestRow } from './requests.ts'

export function status(database: Database): Pick<Store, 'status'> {
  return {
    status: async (filter) => {
      const { repository, pull, id, requesterLogin, requesterId, state, provider, visibleTo } = filter
      const wanted = sql.and([
        repository !== undefined && sql.fragment`requests.repository = ${repository}`,
        pull !== undefined && sql.fragment`requests.pull = ${pull}`,
        id !== undefined && sql.fragment`requests.id = ${id}`,
        requesterLogin !== undefined &&
          sql.fragment`lower(requests.requester_login) = lower(${requesterLogin})`,
        requesterId !== undefined && sql.fragment`requests.requester_id = ${requesterId}`,
        state !== undefined && sql.fragment`coalesce(grants.state, requests.state) = lower(${state})`,
        provider !== undefined && sql.fragment`requests.provider = lower(${provider})`,
        visibleTo !== undefined &&
          sql.fragment`(
            requests.repository = any(${sql.array([...visibleTo.repositories], 'int8')})
            or requests.requester_id = ${visibleTo.user} or grants.requester_id = ${visibleTo.user}
          )`,
      ])
      const found = await database.readable(
        sql.type(requestRow)`
          select requests.* from requests left join grants using (id)
          where ${wanted} order by requests.opened_at desc, requests.id`,
        requestInstead,
      )
      const ids = sql.array(
        found.map((request) => request.id),
        'text',
      )
      const granted = await database.readable(
        sql.type(grantRow)`select * from grants where id = any(${ids})`,
        grantInstead,
      )
      const grants = new Map(granted.map((grant) => [grant.id, grant]))
      return found.map((request) => {
        const grant = grants.get(request.id)
        return grant ? { request, grant } : { request }
      })
    },
  }
}
