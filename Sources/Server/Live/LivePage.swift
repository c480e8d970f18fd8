/// The live page: all of it in one text, which needs nothing else.
enum LivePage {
  static let html =
    #"<!doctype html><html lang="en"><head>\#(head)<style>\#(style)</style></head>\#(body)<script>"use strict";\#(script)</script></html>"#

  private static let head = """
    <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark"><title>Strata</title>
    """
}
