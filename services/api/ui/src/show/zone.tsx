// Whether times are shown as on this machine's clock or in UTC: one choice for all pages, remembered.
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react'
import { moment, type Zone } from './figures'

const KEY = 'penstock.zone'
const Chosen = createContext<{ zone: Zone; choose: (zone: Zone) => void }>({ zone: 'local', choose: () => undefined })

export function ZoneProvider({ children }: { children: ReactNode }) {
  const [zone, setZone] = useState<Zone>(localStorage.getItem(KEY) === 'UTC' ? 'UTC' : 'local')
  const value = useMemo(
    () => ({
      zone,
      choose: (chosen: Zone) => {
        localStorage.setItem(KEY, chosen)
        setZone(chosen)
      },
    }),
    [zone],
  )
  return <Chosen.Provider value={value}>{children}</Chosen.Provider>
}

export const useZone = () => useContext(Chosen)

/** A time; the other zone's reading is its title. */
export function Moment({ at }: { at: string | null | undefined }) {
  const { zone } = useZone()
  if (at === null || at === undefined) return <>{moment(at, zone)}</>
  return (
    <time dateTime={at} title={moment(at, zone === 'UTC' ? 'local' : 'UTC')}>
      {moment(at, zone)}
    </time>
  )
}
