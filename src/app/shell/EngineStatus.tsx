/** Which backend the engine runs on and why, its self-test, and the choice of another. */
import { useId } from 'react';
import { chooseBackend } from '../state/engine';
import { useLab } from '../state/store';
import { useWords } from '../state/text';
import type { BackendChoice } from '../../worker/protocol';
import { compact, seconds } from '../ui/format';
import { Segmented } from '../ui/Segmented';

export function EngineStatus() {
  const words = useWords();
  const id = useId();
  const { status, device, error } = useLab((s) => s.engine);
  const said = error && words.error(error);
  const backend = useLab((s) => s.backend);
  const busy = useLab((s) => s.running !== null);
  const name =
    status === 'ready' && device
      ? words.text(`ui.backend.${device.backend}`)
      : words.text(`shell.engine.status.${status === 'ready' ? 'idle' : status}`);
  return (
    <>
      <button type="button" className={`quiet engine engine-${status}`} popoverTarget={id} data-testid="engine-status">
        <i aria-hidden="true" />
        <span className="engine-name">{name}</span>
      </button>
      <div id={id} popover="auto" className="panel engine-panel">
        <h2>{words.text('shell.engine.title')}</h2>
        <Segmented<BackendChoice>
          label={words.text('shell.engine.backend')}
          value={backend}
          options={[
            { value: 'auto', label: words.text('shell.engine.auto'), disabled: busy },
            { value: 'webgpu', label: words.text('ui.backend.webgpu'), disabled: busy },
            { value: 'wasm', label: words.text('ui.backend.wasm'), disabled: busy },
          ]}
          onChange={(choice) => void chooseBackend(choice)}
        />
        {said && (
          <p>
            {said.what} {said.remedy}
          </p>
        )}
        {device && !error && (
          <>
            <p>{words.say(device.reason)}</p>
            <dl className="facts">
              <div>
                <dt>{words.text('shell.engine.adapter')}</dt>
                <dd>
                  <span className="fact-value">{device.adapter || words.text('shell.engine.no-adapter')}</span>
                  <span className="fact-note">{device.softwareAdapter ? words.text('shell.engine.software') : ''}</span>
                </dd>
              </div>
              {device.tuning && (
                <div>
                  <dt>{words.text('shell.engine.tiles')}</dt>
                  <dd>
                    <span className="fact-value">
                      {[
                        ...new Set([
                          device.tuning.atb.narrow,
                          device.tuning.atb.wide,
                          device.tuning.ab.narrow,
                          device.tuning.ab.wide,
                        ]),
                      ].join(', ')}
                    </span>
                    <span className="fact-note">
                      {words.text(`shell.engine.tiles.${device.tuning.source}`, {
                        problem: device.tuning.problem ?? 'none',
                      })}
                    </span>
                  </dd>
                </div>
              )}
              {Object.entries(device.versions).map(([part, version]) => (
                <div key={part}>
                  <dt>{part}</dt>
                  <dd>
                    <span className="fact-value">{version}</span>
                  </dd>
                </div>
              ))}
            </dl>
            {device.selfTest && (
              <details>
                <summary>
                  {words.text('shell.engine.self-test', {
                    passed: device.selfTest.passed,
                    time: seconds(device.selfTest.milliseconds),
                  })}
                </summary>
                <table className="data">
                  <thead>
                    <tr>
                      <th scope="col">{words.text('shell.engine.case')}</th>
                      <th scope="col">{words.text('shell.engine.largest-error')}</th>
                      <th scope="col">{words.text('shell.engine.allowed')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {device.selfTest.cases.map((test, i) => (
                      <tr key={i}>
                        <td>
                          {test.kernel}: {test.name}
                        </td>
                        <td className="num">{compact(test.maxRelativeError)}</td>
                        <td className="num">{compact(test.tolerance)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </details>
            )}
          </>
        )}
        {!device && !error && <p className="muted">{words.text('shell.engine.looking')}</p>}
      </div>
    </>
  );
}
