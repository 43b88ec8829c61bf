from bot.channels.rest import RestInput
class WebInput(RestInput):
    @classmethod
    def name(cls): return "web"
    def blueprint(self, h):
        from sanic import Blueprint
        return Blueprint("web_x", __name__)
