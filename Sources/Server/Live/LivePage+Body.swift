extension LivePage {
  static let body = #"""
    <body>
    <a class="skip" href="#message">Skip to the chat</a>
    <header><h1>Strata</h1><p id="model">…</p><p id="connection" role="status">connecting</p></header>
    <main>
    <section id="schedule" aria-labelledby="schedule-title">
    <h2 id="schedule-title">What the scheduler does</h2>
    <p class="hint">Time runs across, layers run down. Each prompt is a colour; its tiles descend through the layers. The grey
    band is decoding, which runs through all layers in every iteration.</p>
    <div class="plot"><canvas id="timeline" role="img" aria-describedby="summary" tabindex="0"></canvas></div>
    <p id="summary" class="visually-hidden" aria-live="off"></p>
    <form id="policy-form" class="row">
    <label>Policy <select id="policy"></select></label>
    <label>TBT target, ms <input id="target" type="number" min="1" max="60000" step="1" inputmode="numeric"></label>
    <label>Seconds shown <input id="span" type="range" min="1" max="30" value="6"></label>
    <button type="submit">Apply</button><span id="applied" role="status"></span>
    </form>
    <div class="cards" id="cards"></div>
    <details><summary>The last iterations as a table</summary>
    <table><caption>The last ten iterations, the newest first</caption><thead><tr><th scope="col">Took, ms</th>
    <th scope="col">Predicted, ms</th><th scope="col">Decode rows</th><th scope="col">Tiles</th></tr></thead>
    <tbody id="rows"></tbody></table></details>
    </section>
    <section id="chat" aria-labelledby="chat-title">
    <h2 id="chat-title">Chat</h2>
    <div id="log" role="log" aria-live="polite" aria-label="Conversation" tabindex="0"></div>
    <form id="chat-form">
    <label for="message">Message</label>
    <textarea id="message" rows="3" placeholder="Ask something"></textarea>
    <div class="row">
    <label>Tokens <input id="max" type="number" min="1" max="100000" value="200"></label>
    <label>Temperature <input id="temperature" type="number" min="0" max="5" step="0.1" value="0.7"></label>
    <button id="send" type="submit">Send</button><button id="stop" type="button" disabled>Stop</button>
    </div>
    <div class="row">
    <button id="long" type="button">Send a long prompt</button>
    <button id="crowd" type="button">Send five at once</button>
    <label>API key <input id="key" type="password" autocomplete="off"></label>
    </div>
    </form>
    </section>
    </main>
    </body>
    """#
}
